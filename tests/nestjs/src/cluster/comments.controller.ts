import { Body, Controller, Post } from '@nestjs/common';
import { NotificationsGateway } from './notifications.gateway.js';

interface CreateComment {
  postId: string;
  authorId: string;
  recipientId: string;
  text: string;
}

interface Delivery {
  delivered: boolean;
  note?: string;
}

@Controller('comments')
export class CommentsController {
  constructor(private readonly notifications: NotificationsGateway) {}

  /** Answers 201, as NestJS does for every `@Post()`. */
  @Post()
  async create(@Body() { postId, authorId, recipientId, text }: CreateComment): Promise<Delivery> {
    try {
      if (await this.notifications.notifyUser(recipientId, { postId, authorId, text })) {
        return { delivered: true };
      }
      return { delivered: false, note: `User ${recipientId} is not connected` };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { delivered: false, note: `Whether user ${recipientId} is connected is not known: ${reason}` };
    }
  }
}
