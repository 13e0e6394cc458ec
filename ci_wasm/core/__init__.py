"""The functional core: in flow order, each file is named after the value it makes."""
