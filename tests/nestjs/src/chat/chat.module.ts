import { Module } from '@nestjs/common';
import { ChatsGateway } from './chats.gateway.js';
import { PageController } from './page.controller.js';

@Module({ controllers: [PageController], providers: [ChatsGateway] })
export class ChatModule {}
