//! `ztm admin render`.

use std::{io::Write, path::Path};

use anyhow::Result;
use libtenancy::Error;

use crate::{
    cli::admin::RenderArgs,
    commands::Context,
    exit::Usage,
    render::{self, Own},
    view::admin::Rendered,
};

/// Writes what a cluster is given to a directory of its own, and prints the names.
pub fn render(ctx: &Context, args: &RenderArgs) -> Result<()> {
    let own = Own {
        image: args.image.clone(),
        agent_image: args.agent_image.clone(),
        bucket: args.bucket.clone(),
        table: args.table.clone(),
        redis_url: args.redis_url.clone(),
        public_url: args.public_url.clone(),
        runtime_class: args.runtime_class.clone(),
        karpenter: args.karpenter,
        plain: args.plain,
    };
    let files = render::render(&own)?;
    let directory = &args.directory;
    let there = std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
    if there && !args.yes {
        let message = format!("{} is not empty; nothing was written", directory.display());
        let hint = "name another directory, or pass `--yes` to write over what is there".to_owned();
        return Err(Usage { message, hint: Some(hint) }.into());
    }
    for (name, text) in &files {
        write(&directory.join(name), text)?;
    }
    ctx.printer.note(&format!("`kubectl apply -k {}` gives it to a cluster", directory.display()));
    let files = files.into_iter().map(|(name, _)| directory.join(name).display().to_string()).collect();
    ctx.printer.show(&Rendered { files })
}

/// The whole file, or the one that was there.
fn write(path: &Path, text: &str) -> libtenancy::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).map_err(Error::io("make", directory))?;
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(Error::io("write", path))?;
    file.write_all(text.as_bytes()).map_err(Error::io("write", path))?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(file.path(), mode).map_err(Error::io("write", path))?;
    file.persist(path).map(drop).map_err(|e| Error::io("write", path)(e.error))
}
