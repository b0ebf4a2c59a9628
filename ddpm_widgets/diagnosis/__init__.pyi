from .findings import Finding, NotChecked
from .measuring import Case
from .report import CHECKS, Diagnosis, diagnose

__all__ = ["CHECKS", "Case", "Diagnosis", "Finding", "NotChecked", "diagnose"]
