//! Putting the configured policy in force, and its candidate beside it.

use std::sync::Arc;

use tracing::{error, info, warn};

use crate::auth::{Door, PluginPolicy, PolicyError, PolicyInForce};
use crate::config::{Policy, PolicySettings};
use crate::plugins::Registry;

/// Puts the configured policy in force, off the threads that answer requests. Where that
/// fails, the one that is in force stays; where there is none, everything is denied. A candidate
/// is loaded afterwards, and not waited for. To be called whenever the configuration of the
/// policy changes, or the plugin of its name or of its shadow's; what stays the same goes on
/// undisturbed.
pub async fn put_in_force(door: &Door, registry: &Arc<Registry>, policy: &Policy) {
    let force = door.policy();
    let _turn = force.turn().await;
    let order = force.order_candidate();
    let given = || (Arc::clone(force), Arc::clone(registry), policy.clone());
    let (its, plugins, wanted) = given();
    let set = tokio::task::spawn_blocking(move || {
        set_policy(&its, &plugins, &wanted);
        if wanted.shadow.is_none() {
            its.dismiss_candidate();
        }
    });
    if let Err(error) = set.await {
        let plugin = &policy.plugin;
        error!(plugin, %error, "the policy could not be loaded");
    }
    if let Some(name) = policy.shadow.clone() {
        let (its, plugins, wanted) = given();
        force.load_candidate(move || set_shadow(&its, &plugins, &wanted, &name, order));
    }
}

fn set_policy(force: &PolicyInForce, registry: &Registry, policy: &Policy) {
    let plugin = &policy.plugin;
    match PluginPolicy::of(registry, policy) {
        Ok(made) => {
            let digest = made.plugin().digest().to_owned();
            if force.appoint(Arc::new(made)) {
                let table = policy.table.as_ref().map(|table| table.path.display());
                let table = table.map(tracing::field::display);
                info!(plugin, digest, table, "policy in force");
            }
        }
        Err(error) => {
            force.refuse(plugin, &error);
            let consequence = if force.missing().is_some() {
                "no policy is in force: everything is denied"
            } else {
                "the policy in force stays"
            };
            error!(plugin, "{consequence}\n{error}");
            tell(force, registry, plugin);
        }
    }
}

fn set_shadow(force: &PolicyInForce, registry: &Registry, policy: &Policy, name: &str, order: u64) {
    if !force.is_wanted(order) {
        return;
    }
    match shadow(force, registry, policy, name) {
        Ok(candidate) => match force.set_candidate(order, candidate) {
            Ok(()) => {}
            Err(error) => warn!(plugin = name, %error, "no shadow policy is compared"),
        },
        Err(reason) => {
            if force.is_wanted(order) {
                force.dismiss_candidate();
            }
            warn!(plugin = name, "no shadow policy is compared\n{reason}");
        }
    }
}

fn shadow(
    force: &PolicyInForce,
    registry: &Registry,
    policy: &Policy,
    name: &str,
) -> Result<PluginPolicy, String> {
    let same_settings = |own: &PolicySettings| *own == policy.settings;
    if *name == policy.plugin && policy.shadow_settings.as_ref().is_none_or(same_settings) {
        return Err(format!(
            "policy.shadow is {name}, which is policy.plugin: there is nothing to compare\n  \
             hint: give it other settings, shadow_settings or shadow_settings_file"
        ));
    }
    if force.missing().is_some() {
        return Err("no policy is in force that it could be compared with".to_owned());
    }
    let told = |error: PolicyError| error.to_string();
    let (candidate, warning) = PluginPolicy::shadow_of(registry, name, policy).map_err(told)?;
    if let Some(warning) = warning {
        warn!(
            plugin = name,
            "the shadow policy does not take the settings of the policy in force, and has no \
             shadow_settings of its own: it is asked without any\n{warning}"
        );
    }
    Ok(candidate)
}

/// Tells whoever follows the plugins that this one was refused.
fn tell(force: &PolicyInForce, registry: &Registry, name: &str) {
    let mut plugins = registry.list().into_iter();
    if let Some(info) = plugins.find(|info| info.name == name) {
        force.tell(&info);
    }
}
