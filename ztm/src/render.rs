//! What a cluster is given: the files of `deploy/`, which this program carries, and an overlay with what is one cluster's own.
//!
//! The files are as they are, below `base/`: whoever reads them finds what the repository has. Everything of one's own is in the
//! overlay, which `kubectl apply -k` takes, and which a later version can be rendered beside.

use toml_edit::{DocumentMut, value};

use libtenancy::{Error, Result};

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../deploy/", $name)))),+]
    };
}

/// The files of `deploy/` that a cluster is given.
pub const FILES: &[(&str, &str)] = files![
    "kustomization.yaml",
    "kubernetes/accounts.yaml",
    "kubernetes/classes.yaml",
    "kubernetes/config.toml",
    "kubernetes/disruption.yaml",
    "kubernetes/namespaces.yaml",
    "kubernetes/network.yaml",
    "kubernetes/orchestrator.yaml",
    "kubernetes/rbac.yaml",
    "kubernetes/redis.yaml",
    "kubernetes/router.yaml",
    "zeroclaw/config.toml",
    "karpenter/ec2nodeclass.yaml",
    "karpenter/kustomization.yaml",
    "karpenter/nodepool.yaml",
    "plain/kustomization.yaml",
    "plain/rbac.yaml",
    "plain/storage.yaml",
];

/// What is one cluster's own.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// The control plane's image, with its tag or digest.
    pub image: String,
    /// The agents' image.
    pub agent_image: String,
    /// The bucket of archives.
    pub bucket: Option<String>,
    /// The registry's table.
    pub table: Option<String>,
    /// Another Redis than the one of `deploy/`.
    pub redis_url: Option<String>,
    /// Where Telegram reaches the routers.
    pub public_url: Option<String>,
    /// The runtime class of agents; `Some("")` is none.
    pub runtime_class: Option<String>,
    /// Whether Karpenter makes the machines.
    pub karpenter: bool,
    /// Whether the agents' image is without agentd.
    pub plain: bool,
}

/// The files, by their names below one directory. `Invalid` if an image's name is none.
pub fn render(own: &Own) -> Result<Vec<(String, String)>> {
    let mut files: Vec<(String, String)> =
        FILES.iter().map(|(name, text)| (format!("base/{name}"), (*text).to_owned())).collect();
    files.push(("config.toml".to_owned(), config(own)?));
    files.push(("kustomization.yaml".to_owned(), overlay(own)?));
    Ok(files)
}

/// The control plane's configuration, with what is said changed in the one of `deploy/`.
fn config(own: &Own) -> Result<String> {
    let shipped = FILES.iter().find(|(name, _)| *name == "kubernetes/config.toml").map_or("", |(_, text)| text);
    let broken = |e: toml_edit::TomlError| Error::internal(format!("the configuration that is shipped: {e}"));
    let mut document: DocumentMut = shipped.parse().map_err(broken)?;
    if let Some(url) = &own.public_url {
        document["up"]["public_url"] = value(url);
    }
    let context = &mut document["contexts"]["cluster"];
    if let Some(bucket) = &own.bucket {
        context["s3"]["bucket"] = value(bucket);
    }
    if let Some(table) = &own.table {
        context["dynamodb"]["registry_table"] = value(table);
    }
    if let Some(url) = &own.redis_url {
        context["redis"]["url"] = value(url);
    }
    let kubernetes = &mut context["kubernetes"];
    kubernetes["image"] = value(&own.agent_image);
    if let Some(class) = &own.runtime_class {
        kubernetes["runtime_class"] = value(class);
    }
    if own.plain {
        kubernetes["agentd"] = value(false);
    }
    Ok(document.to_string())
}

/// The name and the tag, or digest, of an image.
fn image(text: &str) -> Result<(&str, &'static str, &str)> {
    let wrong = || Error::invalid("image", format!("`{text}` must be NAME, NAME:TAG or NAME@DIGEST"));
    let is_word =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"'`\\".contains(&b));
    if !is_word(text) {
        return Err(wrong());
    }
    if let Some((name, digest)) = text.split_once('@') {
        return if is_word(name) && is_word(digest) { Ok((name, "digest", digest)) } else { Err(wrong()) };
    }
    // A colon before a slash is that of a registry's port.
    match text.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
        Some((name, tag)) if is_word(name) && is_word(tag) => Ok((name, "newTag", tag)),
        Some(_) => Err(wrong()),
        None => Ok((text, "newTag", concat!("v", env!("CARGO_PKG_VERSION")))),
    }
}

fn overlay(own: &Own) -> Result<String> {
    let (name, kind, tag) = image(&own.image)?;
    image(&own.agent_image)?;
    Ok(format!(
        "# Made by `ztm admin render`; base/ is as it is shipped, and what is this cluster's own is here and in config.toml.\n\
         apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - base\n{}{}\
         images:\n  - name: ztm\n    newName: \"{name}\"\n    {kind}: \"{tag}\"\n\
         configMapGenerator:\n  - name: ztm-config\n    namespace: ztm\n    behavior: replace\n    files: [config.toml]\n",
        if own.karpenter { "  - base/karpenter\n" } else { "" },
        if own.plain { "  - base/plain\n" } else { "" },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_name_and_a_tag_or_a_digest() {
        assert_eq!(image("ztm").unwrap().0, "ztm");
        assert_eq!(image("registry:5000/a/ztm:1").unwrap(), ("registry:5000/a/ztm", "newTag", "1"));
        assert_eq!(image("registry:5000/ztm").unwrap().0, "registry:5000/ztm");
        assert_eq!(image("a/ztm@sha256:ab").unwrap(), ("a/ztm", "digest", "sha256:ab"));
        for wrong in ["", "a b", "ztm:", ":1", "ztm@", "a\"b", "a\n"] {
            assert!(image(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_not_said_is_as_it_is_shipped() {
        let own = Own { image: "ztm".to_owned(), agent_image: "ztm-agent".to_owned(), ..Own::default() };
        let shipped = FILES.iter().find(|(name, _)| *name == "kubernetes/config.toml").unwrap().1;
        assert_eq!(config(&own).unwrap(), shipped);
        let own = Own { bucket: Some("mine".to_owned()), public_url: Some("https://bots".to_owned()), ..own };
        let text = config(&own).unwrap();
        assert!(text.contains("bucket = \"mine\"") && text.contains("public_url = \"https://bots\""), "{text}");
        assert_eq!(text.lines().count(), shipped.lines().count() + 1, "{text}");
    }
}
