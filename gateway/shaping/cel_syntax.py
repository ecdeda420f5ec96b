"""The syntax tree of a checked CEL expression, as the library serializes it (`cel/expr/checked.proto` of the CEL spec).

The library can't be asked what is in an expression, so its serialized form is read: to bound what an expression may
cost, and to write into it what CEL leaves to the user (nulls, numbers of different types).
"""

from typing import Any

from google.protobuf import duration_pb2, empty_pb2, timestamp_pb2
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

_PACKAGE = "cel.expr"
_PRIMITIVE = {"int64": 3, "int32": 5, "bool": 8, "string": 9, "bytes": 12, "uint64": 4, "double": 1}
# Per message: its fields as `name number type`, `*` for a repeated one, `|` for one of the oneof.
_MESSAGES = {
    "Constant": "|null_value 1 int32,|bool_value 2 bool,|int64_value 3 int64,|uint64_value 4 uint64,"
    "|double_value 5 double,|string_value 6 string,|bytes_value 7 bytes,|duration_value 8 google.protobuf.Duration,"
    "|timestamp_value 9 google.protobuf.Timestamp",
    "Ident": "name 1 string",
    "Select": "operand 1 Expr,field 2 string,test_only 3 bool",
    "Call": "target 1 Expr,function 2 string,args 3 *Expr",
    "CreateList": "elements 1 *Expr,optional_indices 2 *int32",
    "Entry": "id 1 int64,|field_key 2 string,|map_key 3 Expr,value 4 Expr,optional_entry 5 bool",
    "CreateStruct": "message_name 1 string,entries 2 *Entry",
    "Comprehension": "iter_var 1 string,iter_range 2 Expr,accu_var 3 string,accu_init 4 Expr,loop_condition 5 Expr,"
    "loop_step 6 Expr,result 7 Expr,iter_var2 8 string",
    "Expr": "id 2 int64,|const_expr 3 Constant,|ident_expr 4 Ident,|select_expr 5 Select,|call_expr 6 Call,"
    "|list_expr 7 CreateList,|struct_expr 8 CreateStruct,|comprehension_expr 9 Comprehension",
    "ListType": "elem_type 1 Type",
    "MapType": "key_type 1 Type,value_type 2 Type",
    "AbstractType": "name 1 string,parameter_types 2 *Type",
    "FunctionType": "result_type 1 Type,arg_types 2 *Type",
    "Type": "|dyn 1 google.protobuf.Empty,|null 2 int32,|primitive 3 int32,|wrapper 4 int32,|well_known 5 int32,"
    "|list_type 6 ListType,|map_type 7 MapType,|function 8 FunctionType,|message_type 9 string,|type_param 10 string,"
    "|type 11 Type,|error 12 google.protobuf.Empty,|abstract_type 14 AbstractType",
    "Reference": "name 1 string,overload_id 3 *string,value 4 Constant",
    "ReferenceEntry": "key 1 int64,value 2 Reference",
    "TypeEntry": "key 1 int64,value 2 Type",
    "PositionEntry": "key 1 int64,value 2 int32",
    "SourceInfo": "syntax_version 1 string,location 2 string,line_offsets 3 *int32,positions 4 *PositionEntry",
    "CheckedExpr": "reference_map 2 *ReferenceEntry,type_map 3 *TypeEntry,expr 4 Expr,source_info 5 SourceInfo,"
    "expr_version 6 string",
    "ParsedExpr": "expr 2 Expr,source_info 3 SourceInfo",
}


def _declared() -> DescriptorPool:
    known = (duration_pb2, empty_pb2, timestamp_pb2)
    file = FileDescriptorProto(
        name="cel_expr.proto", package=_PACKAGE, dependency=[each.DESCRIPTOR.name for each in known]
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for text in fields.split(","):
            _declare(message, *text.split())
    pool = DescriptorPool()
    for each in known:
        pool.AddSerializedFile(each.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return pool


def _declare(message: DescriptorProto, name: str, number: str, type_: str) -> None:
    field = message.field.add(name=name.lstrip("|"), number=int(number), label=FieldDescriptorProto.LABEL_OPTIONAL)
    if name.startswith("|"):
        if not message.oneof_decl:
            message.oneof_decl.add(name="kind")
        field.oneof_index = 0
    if type_.startswith("*"):
        field.label = FieldDescriptorProto.LABEL_REPEATED
    type_ = type_.lstrip("*")
    if type_ in _PRIMITIVE:
        field.type = _PRIMITIVE[type_]
    else:
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".{type_}" if "." in type_ else f".{_PACKAGE}.{type_}"


_POOL = _declared()


def _message(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


Expr = _message("Expr")
_CheckedExpr = _message("CheckedExpr")
_ParsedExpr = _message("ParsedExpr")


class SyntaxTree:
    """A checked or parsed expression.

    Args:
        serialized: as `Expression.serialize` of the library gives it.

    Attributes:
        root: its outermost node, an `Expr`; what reads it may also change it.

    Raises:
        ValueError: it is nested too deeply to be read.
    """

    def __init__(self, serialized: bytes) -> None:
        wrapped = AnyMessage.FromString(serialized)
        self._checked = wrapped.type_url.endswith("CheckedExpr")
        self._type_url = wrapped.type_url
        try:
            self._message = (_CheckedExpr if self._checked else _ParsedExpr).FromString(wrapped.value)
        except DecodeError:
            raise ValueError("it is nested too deeply") from None
        self.root = self._message.expr
        self._types = {entry.key: entry.value for entry in self._message.type_map} if self._checked else {}
        self._positions = {entry.key: entry.value for entry in self._message.source_info.positions}
        self._last_id = max(self._positions, default=0)

    def type_of(self, expr: Any) -> Any:
        """Give the type of a node, a `Type`; None where the checker did not say."""
        return self._types.get(expr.id)

    def position_of(self, expr: Any) -> int:
        """Give the index of the character at which a node stands; 0 where that is not known."""
        return int(self._positions.get(expr.id, 0))

    def new_id(self) -> int:
        """Give an id for a node that is added."""
        self._last_id += 1
        return self._last_id

    def serialized(self) -> bytes:
        """Give the serialized form, changes included."""
        wrapped = AnyMessage(type_url=self._type_url, value=self._message.SerializeToString())
        return bytes(wrapped.SerializeToString())


def kind_of(expr: Any) -> str:
    """Give the kind of a node: `const_expr`, `ident_expr`, `select_expr` and so on."""
    return str(expr.WhichOneof("kind") or "")


def children_of(expr: Any) -> list[Any]:
    """Give the nodes right below a node."""
    match kind_of(expr):
        case "select_expr":
            return [expr.select_expr.operand]
        case "call_expr":
            target = [expr.call_expr.target] if expr.call_expr.HasField("target") else []
            return [*target, *expr.call_expr.args]
        case "list_expr":
            return list(expr.list_expr.elements)
        case "struct_expr":
            return [part for entry in expr.struct_expr.entries for part in _parts(entry)]
        case "comprehension_expr":
            loop = expr.comprehension_expr
            return [loop.iter_range, loop.accu_init, loop.loop_condition, loop.loop_step, loop.result]
        case _:
            return []


def _parts(entry: Any) -> list[Any]:
    return [entry.map_key, entry.value] if entry.HasField("map_key") else [entry.value]


def fields_read(expr: Any, variable: str) -> frozenset[str] | None:
    """Give the fields of a variable that an expression reads; None where it takes the variable as a whole."""
    if kind_of(expr) == "ident_expr":
        return None if expr.ident_expr.name == variable else frozenset()
    if kind_of(expr) == "select_expr":
        operand = expr.select_expr.operand
        if kind_of(operand) == "ident_expr" and operand.ident_expr.name == variable:
            return frozenset({str(expr.select_expr.field)})
    found: set[str] = set()
    for child in children_of(expr):
        read = fields_read(child, variable)
        if read is None:
            return None
        found |= read
    return frozenset(found)
