//! What every driver of a port must do. One file and one macro with the list of its cases per port.
