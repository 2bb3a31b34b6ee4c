"""What the pages share: the visitor's session, caches, demos, a folder of records, and widgets."""
