//! `ztm context add`.

use std::path::Path;

use anyhow::Result;
use libtenancy::{Error, secret::read_private};
use toml_edit::{Table, value};

use crate::{
    cli::{context::ContextAddArgs, global::GlobalArgs},
    exit::Usage,
    printer::Printer,
    settings::{Contexts, base_url},
    view::context::{ContextUsed, ContextView},
};

/// Adds a context, from its own flags and those that every command takes.
pub(super) fn add(contexts: &Contexts<'_>, printer: &Printer, flags: &GlobalArgs, args: &ContextAddArgs) -> Result<()> {
    let path = |path: &Path| std::path::absolute(path).map(|path| value(path.display().to_string()));
    let mut table = Table::new();
    if let Some(url) = &flags.orchestrator_url {
        table["orchestrator_url"] = value(base_url("orchestrator_url", url)?);
    }
    if let Some(url) = &flags.router_url {
        table["router_url"] = value(base_url("router_url", url)?);
    }
    if let Some(file) = &flags.token_file {
        // Nobody is helped by a context whose first use says this.
        read_private(file).map_err(|error| Error::invalid("token_file", error.chain()))?;
        table["token_file"] = path(file)?;
    }
    if let Some(directory) = &flags.state_dir {
        table["state_dir"] = path(directory)?;
    }
    if args.cluster {
        table["cluster"] = value(true);
        if let Some(account) = &args.account {
            table["account"] = value(account);
        }
        let mut kubernetes = Table::new();
        if let Some(context) = &args.kube_context {
            kubernetes["context"] = value(context);
        }
        if let Some(namespace) = &flags.namespace {
            kubernetes["namespace"] = value(namespace);
        }
        if !kubernetes.is_empty() {
            table["kubernetes"] = toml_edit::Item::Table(kubernetes);
        }
    }
    if table.is_empty() {
        return Err(Usage {
            message: "a context must say where its control plane is".to_owned(),
            hint: Some("say `--orchestrator-url URL`, `--cluster` or `--state-dir DIR`".to_owned()),
        }
        .into());
    }
    if args.readonly {
        table["readonly"] = value(true);
    }
    let target = contexts.add(&args.name, table)?;
    for warning in &target.warnings {
        printer.warn(warning);
    }
    printer.note(&format!("added to {}", contexts.file()));
    if args.use_it {
        contexts.use_context_of_file(&args.name)?;
        printer.note(&format!("`{}` is the context in use now", args.name));
    }
    printer.show(&ContextUsed { context: ContextView::new(&target, args.use_it), file: contexts.file() })
}
