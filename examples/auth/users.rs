//! `UsersService`: the users of the demo, and whether a password is theirs.
//!
//! It must never know of tokens or sockets.

use gateway_runtime::prelude::*;
use serde::Serialize;

/// A user as others may see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct User {
    pub(crate) id: &'static str,
    pub(crate) role: &'static str,
}

/// The password of each user of the demo. A real service keeps hashes of them (Argon2), in a database.
const USERS: [(User, &str); 2] =
    [(User { id: "ann", role: "admin" }, "ann-secret"), (User { id: "bob", role: "user" }, "bob-secret")];

/// NestJS: the `UsersService` that its chapter on authentication injects into `AuthService`.
#[injectable]
#[derive(Default)]
pub(crate) struct UsersService;

impl UsersService {
    /// The user of this name, if the password is right. A real service waits for its database here.
    pub(crate) fn log_in(&self, name: &str, password: &str) -> Option<User> {
        let (user, _) = USERS.into_iter().find(|(user, secret)| user.id == name && *secret == password)?;
        Some(user)
    }

    /// Whether there is such a user.
    pub(crate) fn exists(&self, id: &str) -> bool {
        USERS.iter().any(|(user, _)| user.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_password() {
        let users = UsersService;
        assert_eq!(users.log_in("ann", "ann-secret").map(|user| user.role), Some("admin"));
        assert_eq!(users.log_in("bob", "ann-secret"), None);
        assert_eq!(users.log_in("eve", ""), None);
        assert!(users.exists("bob") && !users.exists("eve"));
    }
}
