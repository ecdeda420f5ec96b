"""Charts of the results, as SVG files that need nothing to be looked at: horizontal bars, some of them with parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from gateway.services.bench.headlines import Results, shown

_WIDTH, _LEFT, _RIGHT = 760, 210, 90
_TOP, _ROW, _BAR = 44, 30, 18
_COLOURS = ("#3b6ea5", "#7fb069", "#e6aa68", "#ca3c25", "#8e7dbe")
_FONT = 'font-family="sans-serif" font-size="13"'


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        label: at its left.
        parts: its lengths by name, side by side; a plain bar has one.
    """

    label: str
    parts: Mapping[str, float]

    @property
    def total(self) -> float:
        """Its whole length."""
        return sum(self.parts.values())


def draw_bars(title: str, bars: Sequence[Bar]) -> str:
    """Draw bars from zero, each with its total at its end; a legend where they have several parts.

    Args:
        title: above, with the unit.
        bars: at least one, none of them negative.
    """
    names = list(dict.fromkeys(name for bar in bars for name in bar.parts))
    longest = max(bar.total for bar in bars) or 1.0
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    legend = _legend(names, _TOP + _ROW * len(bars)) if len(names) > 1 else []
    height = _TOP + _ROW * (len(bars) + bool(legend)) + 8
    rows = [line for index, bar in enumerate(bars) for line in _row(bar, _TOP + _ROW * index, scale, names)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" {_FONT}>',
            '<rect width="100%" height="100%" fill="white"/>',
            f'<text x="16" y="24" font-weight="bold">{escape(title)}</text>',
            *rows,
            *legend,
            "</svg>\n",
        ]
    )


def _row(bar: Bar, top: int, scale: float, names: Sequence[str]) -> list[str]:
    middle = top + _BAR - 4
    lines = [f'<text x="{_LEFT - 10}" y="{middle}" text-anchor="end">{escape(bar.label)}</text>']
    left = float(_LEFT)
    for name, length in bar.parts.items():
        colour = _COLOURS[names.index(name) % len(_COLOURS)]
        lines.append(f'<rect x="{left:.1f}" y="{top}" width="{length * scale:.1f}" height="{_BAR}" fill="{colour}"/>')
        left += length * scale
    return [*lines, f'<text x="{left + 6:.1f}" y="{middle}">{shown(bar.total)}</text>']


def _legend(names: Sequence[str], top: int) -> list[str]:
    lines: list[str] = []
    for index, name in enumerate(names):
        left = _LEFT + index * 100
        lines.append(f'<rect x="{left}" y="{top}" width="12" height="12" fill="{_COLOURS[index % len(_COLOURS)]}"/>')
        lines.append(f'<text x="{left + 17}" y="{top + 11}">{escape(name)}</text>')
    return lines


def charts_of(results: Results) -> dict[str, str]:
    """Draw what the scenarios that ran have to show: file name -> SVG."""
    charts: dict[str, str] = {}
    rates = {name: results[name] for name in ("fan_out_1", "fan_out_10") if name in results}
    if rates:
        charts["throughput.svg"] = draw_bars(
            "Sustained deliveries a second",
            [Bar(name, {"": result["deliveries_per_s"]}) for name, result in rates.items()],
        )
        charts["cpu.svg"] = draw_bars(
            "CPU microseconds a delivery, by process",
            [Bar(name, result["window"]["cpu_us_per_delivery"]) for name, result in rates.items()],
        )
    for name, draw in {"steady": _latency, "isolation": _isolation, "match": _match}.items():
        if name in results:
            charts[f"{name}.svg"] = draw(results[name])
    return charts


def _latency(steady: dict[str, Any]) -> str:
    return draw_bars(
        f"Publish to receive at {steady['events_per_s']:g} events/s, milliseconds",
        [Bar(name, {"": steady[f"{name}_ms"]}) for name in ("p50", "p99", "max")],
    )


def _isolation(isolation: dict[str, Any]) -> str:
    pairs = [
        (
            Bar("all healthy", {"all healthy": found["healthy_p99_ms"]}),
            Bar(f"one {fault}", {"one bad": found["p99_ms"]}),
        )
        for fault, found in isolation["faults"].items()
    ]
    return draw_bars("p99 of the healthy nine, milliseconds", [bar for pair in pairs for bar in pair])


def _match(match: dict[str, Any]) -> str:
    return draw_bars(
        "Microseconds to find an event's subscriptions",
        [Bar(f"among {int(size):,}", {"": cost_us}) for size, cost_us in match["match_us"].items()],
    )


def save_charts(results: Results, folder: Path) -> list[Path]:
    """Write the charts into a folder; give their files."""
    files: list[Path] = []
    for name, svg in charts_of(results).items():
        files.append(folder / name)
        files[-1].write_text(svg)
    return files
