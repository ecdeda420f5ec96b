r"""How dear a regular expression is: the library compiles it again each time that it is matched.

RE2 matches in time linear in the text, but what it compiles grows with counted repetitions and with classes of Unicode.
Measured: 5 µs for a short pattern, 0.3 to 1 µs for each unit of weight, and more than a millisecond for one `\pL`.
"""

import re

MAX_WEIGHT = 1000
# `.` and what is not in a class are several ranges of bytes in UTF-8.
_MANY_BYTES = 10
_REPETITION = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_CLASS = re.compile(r"\[(\^?)\]?((?:\[:[^\]]*:\]|\\.|[^\\\]])*)\]", re.DOTALL)
_UNICODE_CLASS = re.compile(r"(?<!\\)(?:\\\\)*\\[pP]")


def pattern_weight(pattern: str) -> int:
    """Give the weight of a pattern: about the number of characters that it stands for.

    Raises:
        ValueError: it is too heavy, or has a class of Unicode.
    """
    if _UNICODE_CLASS.search(pattern):
        raise ValueError("classes of Unicode (\\p) are too dear: write ranges, like [a-zA-Zà-ž]")
    weight = _weight(pattern)
    if weight > MAX_WEIGHT:
        raise ValueError(f"it stands for {weight} characters, at most {MAX_WEIGHT} are allowed")
    return weight


def _weight(pattern: str) -> int:
    groups, last, at = [0], 0, 0
    while at < len(pattern):
        character = pattern[at]
        repetition = _REPETITION.match(pattern, at) if character == "{" else None
        class_ = _CLASS.match(pattern, at) if character == "[" else None
        at += 1
        if character in "*+?":
            continue
        if character == "(":
            groups.append(0)
            continue
        if repetition is not None:
            groups[-1] += last * (_times(repetition) - 1)
            last *= _times(repetition)
            at = repetition.end()
            continue
        last = 1
        if character == ")" and len(groups) > 1:
            last = groups.pop()
        elif character == "\\":
            at += 1
        elif character == ".":
            last = _MANY_BYTES
        elif class_ is not None:
            last = len(class_[2]) + (_MANY_BYTES if class_[1] else 0)
            at = class_.end()
        groups[-1] += last
    return sum(groups)


def _times(repetition: re.Match[str]) -> int:
    least = int(repetition[1])
    if repetition[3]:
        return max(least, int(repetition[3]), 1)
    return max(least + bool(repetition[2]), 1)
