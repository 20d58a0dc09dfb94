//! A singleton whose type has been erased.
//!
//! This file must never know where an instance came from or who uses it.

use std::any::{Any, type_name};
use std::fmt;
use std::sync::Arc;

/// A shared value of a type that only its user knows: what the container stores, and what the
/// dispatch hands to a handler as the gateway. Cloning shares the value.
///
/// Inside is an `Arc<T>` behind one `dyn Any`, so that `T` may be a trait object
/// (`Instance::from_shared::<dyn Trait>(..)`). Reading costs one type comparison and one pointer.
#[derive(Clone)]
pub struct Instance {
    shared: Arc<dyn Any + Send + Sync>,
    type_name: &'static str,
}

impl Instance {
    /// Takes the value over.
    pub fn new<T: Send + Sync + 'static>(value: T) -> Self {
        Self::from_shared(Arc::new(value))
    }

    /// Shares a value that others may already hold.
    pub fn from_shared<T: ?Sized + Send + Sync + 'static>(shared: Arc<T>) -> Self {
        Self { shared: Arc::new(shared), type_name: type_name::<T>() }
    }

    /// The value.
    ///
    /// # Panics
    ///
    /// If the value is of another type. Only descriptors written by hand can get this wrong: what the
    /// macros generate, and everything behind a typed method, agrees with itself.
    pub fn get<T: ?Sized + Send + Sync + 'static>(&self) -> &T {
        self.arc::<T>()
    }

    /// The value, shared.
    ///
    /// # Panics
    ///
    /// As [`Instance::get`].
    pub fn shared<T: ?Sized + Send + Sync + 'static>(&self) -> Arc<T> {
        Arc::clone(self.arc::<T>())
    }

    /// The value's type with its path, for messages.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn arc<T: ?Sized + Send + Sync + 'static>(&self) -> &Arc<T> {
        match self.shared.downcast_ref::<Arc<T>>() {
            Some(arc) => arc,
            None => wrong_type(self.type_name, type_name::<T>()),
        }
    }
}

#[cold]
fn wrong_type(held: &str, asked: &str) -> ! {
    panic!("a provider's descriptor disagrees with itself: an instance of `{held}` was used as `{asked}`");
}

impl fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Instance({})", self.type_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    trait Named: Send + Sync {
        fn name(&self) -> &str;
    }
    impl Named for String {
        fn name(&self) -> &str {
            self
        }
    }

    #[test]
    fn gives_back_the_same_value() {
        let arc = Arc::new(String::from("a"));
        let instance = Instance::from_shared(Arc::clone(&arc));
        assert!(Arc::ptr_eq(&arc, &instance.clone().shared::<String>()));
        assert_eq!(instance.get::<String>(), "a");
        assert_eq!(format!("{instance:?}"), "Instance(alloc::string::String)");
    }

    #[test]
    fn holds_a_trait_object() {
        let concrete = Instance::new(String::from("b"));
        let object = Instance::from_shared(concrete.shared::<String>() as Arc<dyn Named>);
        assert_eq!(object.get::<dyn Named>().name(), "b");
    }

    #[test]
    #[should_panic(expected = "an instance of `alloc::string::String` was used as `u32`")]
    fn a_wrong_type_says_both_types() {
        Instance::new(String::new()).get::<u32>();
    }
}
