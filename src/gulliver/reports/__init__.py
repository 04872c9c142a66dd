"""What a person reads at the end of a study: a page that works offline, and the answer in the terminal."""

from gulliver.reports.forecast import render_forecast
from gulliver.reports.html import write_report
from gulliver.reports.text import render_answer

__all__ = ["render_answer", "render_forecast", "write_report"]
