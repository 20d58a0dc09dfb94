import { Module } from '@nestjs/common';
import { CommentsController } from './comments.controller.js';
import { NotificationsGateway } from './notifications.gateway.js';

@Module({ controllers: [CommentsController], providers: [NotificationsGateway] })
export class NotificationsModule {}
