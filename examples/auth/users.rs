//! `UsersService`: the users of the demo, and whether a password is theirs.
//!
//! It must never know of tokens or sockets.

use gateway_runtime::prelude::*;

/// A user as others may see them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: &'static str,
    pub(crate) role: &'static str,
}

/// NestJS: the `UsersService` that its chapter on authentication injects into `AuthService`.
#[injectable]
#[derive(Default)]
pub(crate) struct UsersService {
    accounts: Accounts,
}

/// Users with their passwords. A real service has hashes of them (Argon2), in a database.
struct Accounts([(User, &'static str); 2]);

impl Default for Accounts {
    fn default() -> Self {
        let ann = User { id: "ann", role: "admin" };
        let bob = User { id: "bob", role: "user" };
        Self([(ann, "ann-secret"), (bob, "bob-secret")])
    }
}

impl UsersService {
    /// The user of this name, if the password is right.
    pub(crate) fn log_in(&self, name: &str, password: &str) -> Option<&User> {
        let Accounts(accounts) = &self.accounts;
        let account = accounts.iter().find(|(user, secret)| user.id == name && *secret == password);
        account.map(|(user, _)| user)
    }

    /// Whether there is such a user.
    pub(crate) fn exists(&self, id: &str) -> bool {
        let Accounts(accounts) = &self.accounts;
        accounts.iter().any(|(user, _)| user.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_password() {
        let users = UsersService::default();
        assert_eq!(users.log_in("ann", "ann-secret").map(|user| user.role), Some("admin"));
        assert_eq!(users.log_in("bob", "ann-secret"), None);
        assert_eq!(users.log_in("eve", ""), None);
        assert!(users.exists("bob") && !users.exists("eve"));
    }
}
