//! Rooms: names under which sockets are addressed together.

use std::sync::Arc;

/// The name of a room.
pub type Room = Arc<str>;

/// One room or several: what `join`, `to` and `except` take.
///
/// A name (`&str`, `String`, `&String`, [`Room`]), or a list of names.
pub trait IntoRooms {
    /// The rooms.
    fn into_rooms(self) -> Vec<Room>;
}

impl IntoRooms for &str {
    fn into_rooms(self) -> Vec<Room> {
        vec![self.into()]
    }
}

impl IntoRooms for String {
    fn into_rooms(self) -> Vec<Room> {
        vec![self.into()]
    }
}

impl IntoRooms for &String {
    fn into_rooms(self) -> Vec<Room> {
        vec![self.as_str().into()]
    }
}

impl IntoRooms for Room {
    fn into_rooms(self) -> Vec<Room> {
        vec![self]
    }
}

impl IntoRooms for &Room {
    fn into_rooms(self) -> Vec<Room> {
        vec![self.clone()]
    }
}

impl<T: IntoRooms> IntoRooms for Vec<T> {
    fn into_rooms(self) -> Vec<Room> {
        self.into_iter().flat_map(T::into_rooms).collect()
    }
}

impl<T: IntoRooms, const N: usize> IntoRooms for [T; N] {
    fn into_rooms(self) -> Vec<Room> {
        self.into_iter().flat_map(T::into_rooms).collect()
    }
}

impl<'a, T> IntoRooms for &'a [T]
where
    &'a T: IntoRooms,
{
    fn into_rooms(self) -> Vec<Room> {
        self.iter().flat_map(IntoRooms::into_rooms).collect()
    }
}

impl<'a, T> IntoRooms for &'a Vec<T>
where
    &'a T: IntoRooms,
{
    fn into_rooms(self) -> Vec<Room> {
        self.as_slice().into_rooms()
    }
}

impl IntoRooms for &&str {
    fn into_rooms(self) -> Vec<Room> {
        (*self).into_rooms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_lists_of_names() {
        let owned = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!((&owned).into_rooms().len(), 2);
        assert_eq!(owned.as_slice().into_rooms().len(), 2);
        assert_eq!(owned.into_rooms().len(), 2);
        assert_eq!(["a", "b", "c"].into_rooms().len(), 3);
        assert_eq!((&["a", "b"][..]).into_rooms().len(), 2);
        assert_eq!("a".into_rooms(), [Room::from("a")]);
    }
}
