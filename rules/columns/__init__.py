"""Evaluate, by column: the catalog as one query over a table of leads.

The same conditions as for one lead, made into ibis expressions: DuckDB runs them here, a warehouse
elsewhere. Imports ibis when it is used.
"""

from rules.columns.table import RESULTS, column_of, evaluate

__all__ = ["RESULTS", "column_of", "evaluate"]
