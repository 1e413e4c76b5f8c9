"""One log density for every model, compiled once for a machine; tests hold it against PyMC's."""
