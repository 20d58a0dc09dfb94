//! `RolesGuard`: who may call a handler, by `#[set_metadata("roles", [..])]` on it or on its gateway.
//!
//! NestJS: the guard of the chapter "Authorization" with its `Reflector`. It must never know which handlers
//! there are.

use gateway_runtime::prelude::*;

use crate::claims::Claims;

/// The key of the metadata.
pub(crate) const ROLES: &str = "roles";

/// Lets everyone call a handler without roles, and else those who have one of them. A `false` is the
/// exception `Forbidden resource`.
#[derive(Default)]
pub(crate) struct RolesGuard;

impl CanActivate for RolesGuard {
    async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
        let Some(allowed) = context.metadata::<Vec<String>>(ROLES) else { return Ok(true) };
        Ok(Claims::of(context.socket()).is_some_and(|user| allowed.contains(&user.role)))
    }
}

#[cfg(test)]
mod tests {
    use gateway_runtime::{Arguments, Metadata, MetadataEntry, Target, metadata_value};

    use super::*;

    /// What the guard says to a client with this role, in front of a handler with this metadata.
    async fn asked(role: Option<&str>, metadata: &[MetadataEntry]) -> bool {
        let client = Socket::detached("c1");
        if let Some(role) = role {
            client.extensions().insert(Claims::for_test("ann", role));
        }
        let target = Target::new("Gateway", "method", "event", Metadata::new(&[], metadata));
        let context = ExecutionContext::new(client, Arc::new(target), Arguments::none(), None);
        RolesGuard.can_activate(&context).await.expect("the guard decides")
    }

    #[tokio::test]
    async fn roles_decide_where_there_are_some() {
        let admins = [MetadataEntry { key: ROLES, value: || metadata_value(&["admin"]) }];
        assert!(asked(Some("admin"), &admins).await);
        assert!(!asked(Some("user"), &admins).await);
        assert!(!asked(None, &admins).await);
        assert!(asked(Some("user"), &[]).await);
    }
}
