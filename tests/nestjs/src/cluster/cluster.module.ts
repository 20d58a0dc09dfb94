import { Module } from '@nestjs/common';
import { ChatsGateway } from '../chat/chats.gateway.js';
import { CommentsController } from './comments.controller.js';
import { NotificationsGateway } from './notifications.gateway.js';
import { PageController } from './page.controller.js';

/** The chat as it is, and the notifications with rooms for users. */
@Module({ controllers: [CommentsController, PageController], providers: [ChatsGateway, NotificationsGateway] })
export class ClusterModule {}
