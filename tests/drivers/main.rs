//! Every driver against the suite of its port.
