//! `POST /comments`: writes a comment, and notifies its recipient, whichever server either is on.
//!
//! A port of `tests/nestjs/src/cluster/comments.controller.ts`. It must never know of sockets.

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};

use crate::notifications_gateway::{NewComment, NotificationsGateway};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateComment {
    post_id: String,
    author_id: String,
    recipient_id: String,
    text: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct Delivery {
    delivered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// The routes of this controller.
pub(crate) fn router() -> Router {
    Router::new().route("/comments", post(create))
}

/// Answers 201, as NestJS does for every `@Post()`.
async fn create(
    Injected(notifications): Injected<NotificationsGateway>,
    Json(CreateComment { post_id, author_id, recipient_id, text }): Json<CreateComment>,
) -> (StatusCode, Json<Delivery>) {
    let note = match notifications.notify_user(&recipient_id, NewComment { post_id, author_id, text }).await {
        Ok(true) => None,
        Ok(false) => Some(format!("User {recipient_id} is not connected")),
        Err(error) => Some(format!("Whether user {recipient_id} is connected is not known: {error}")),
    };
    (StatusCode::CREATED, Json(Delivery { delivered: note.is_none(), note }))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn comment_for_bob(gateway: &Arc<NotificationsGateway>) -> Delivery {
        let comment = CreateComment {
            post_id: "post-1".into(),
            author_id: "ann".into(),
            recipient_id: "bob".into(),
            text: "Well said".into(),
        };
        let (status, Json(delivery)) = create(Injected(gateway.clone()), Json(comment)).await;
        assert_eq!(status, StatusCode::CREATED);
        delivery
    }

    #[tokio::test]
    async fn a_comment_says_whether_its_recipient_was_told() {
        let gateway = Arc::new(NotificationsGateway::detached());
        let note = Some("User bob is not connected".to_owned());
        assert_eq!(comment_for_bob(&gateway).await, Delivery { delivered: false, note });

        gateway.handle_user_connect("bob".into(), gateway.socket("b1")).await;
        assert_eq!(comment_for_bob(&gateway).await, Delivery { delivered: true, note: None });
    }
}
