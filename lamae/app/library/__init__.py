"""A folder of WFDB records as a library: its table, searched and filtered, and its files.

The folder is the one that LAMAE_RECORDS names. Where it holds PTB-XL's table, that is what is
searched; else the names of its records. Nothing outside the folder can be named.
"""

from lamae.app.library.catalogue import Catalogue, Details, Wanted, find, frame
from lamae.app.library.folder import SETTING, Listing, listing, read, record, root
from lamae.app.library.names import read_names
from lamae.app.library.ptbxl import has_table, read_table, stamp

__all__ = [
    "SETTING",
    "Catalogue",
    "Details",
    "Listing",
    "Wanted",
    "find",
    "frame",
    "has_table",
    "listing",
    "read",
    "read_names",
    "read_table",
    "record",
    "root",
    "stamp",
]
