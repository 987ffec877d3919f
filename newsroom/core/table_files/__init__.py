"""Tables as somebody has them, a list of readers or a bank's statement: CSV, XLSX, a zip."""
