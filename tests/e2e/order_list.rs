//! Which commands give orders: whatever is not named here does.

/// What changes nothing at the control plane, changes this machine alone, or has a rehearsal of its own.
pub(crate) const NO_ORDERS: &[&str] = &[
    "admin init",
    "admin prices",
    "admin render",
    "agent",
    "agentd",
    "agentd-exec",
    "apply",
    // Its plan is its own: the tenants that it makes are too.
    "bench",
    "config view",
    "context add",
    "context list",
    "context remove",
    "context show",
    "context use",
    "demo",
    "diff",
    "doctor",
    "down",
    "events",
    "export",
    "generate completions",
    "generate man",
    "help",
    "logs",
    "import",
    "inbox list",
    "job dead",
    "job get",
    "job list",
    "job wait",
    "node get",
    "node list",
    "pool status",
    "quota get",
    "quota list",
    "schedule get",
    "schedule list",
    "spend audit",
    "spend export",
    "spend report",
    "status",
    "tenant get",
    "tenant list",
    "tenant logs",
    "tenant state export",
    "tenant state list",
    "tenant state verify",
    "tenant wait",
    "top",
    "up",
    "version",
    "completion",
    "wait",
    "webhook info",
    "why job",
    "why tenant",
    "why wake",
];

/// Every command that gives an order: its words after `ztm`, and whether it can be rehearsed.
pub(crate) fn orders() -> Vec<(String, bool)> {
    fn walk(command: &clap::Command, path: &str, into: &mut Vec<(String, bool)>) {
        for child in command.get_subcommands() {
            let path = format!("{path} {}", child.get_name()).trim().to_owned();
            if child.has_subcommands() {
                walk(child, &path, into);
            } else {
                let rehearses = child.get_arguments().any(|argument| argument.get_id() == "dry_run");
                into.push((path, rehearses));
            }
        }
    }
    let mut all = Vec::new();
    walk(&ztm::generate::tree(), "", &mut all);
    all.retain(|(path, _)| !NO_ORDERS.contains(&path.as_str()));
    all
}
