import { createParamDecorator, Injectable, SetMetadata, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { log } from './log.js';
import type { Client } from './send.js';

/** Says what there is about the handler. */
@Injectable()
export class MetadataGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()] as const;
    const found = {
      override: this.reflector.getAllAndOverride<string[]>('roles', [...targets]) ?? null,
      merge: this.reflector.getAllAndMerge<string[]>('roles', [...targets]) ?? [],
      ofHandler: this.reflector.get<string[]>('roles', context.getHandler()) ?? null,
      ofClass: this.reflector.get<string[]>('roles', context.getClass()) ?? null,
      limit: this.reflector.getAllAndOverride<number>('limit', [...targets]) ?? null,
      pattern: context.switchToWs().getPattern(),
      type: context.getType(),
    };
    log(JSON.stringify(found));
    return true;
  }
}

@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const roles = this.reflector.getAllAndOverride<string[]>('roles', [context.getHandler(), context.getClass()]) ?? [];
    const { role } = context.switchToWs().getData<{ role: string }>();
    return roles.includes(role);
  }
}

interface User {
  name: string;
  pattern: string;
}

const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): User => {
  const user = context.switchToWs().getData<{ user?: string } | undefined>()?.user;
  if (!user) throw new WsException('log in first');
  return { name: user, pattern: context.switchToWs().getPattern() };
});

const MessageName = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  context.switchToWs().getPattern(),
);

/** Metadata of gateway and method, and parameters of one's own. */
@SetMetadata('roles', ['user', 'admin'])
@SetMetadata('limit', 10)
@WebSocketGateway()
export class MetadataGateway {
  @UseGuards(MetadataGuard)
  @SubscribeMessage('metadata/of-gateway')
  ofGateway(): string {
    return 'done';
  }

  @SetMetadata('roles', ['admin', 'owner'])
  @UseGuards(MetadataGuard)
  @SubscribeMessage('metadata/of-method')
  ofMethod(): string {
    return 'done';
  }

  @SetMetadata('roles', ['owner'])
  @UseGuards(RolesGuard)
  @SubscribeMessage('metadata/roles')
  roles(): string {
    return 'you may';
  }

  @SubscribeMessage('metadata/current-user')
  currentUser(@CurrentUser() user: User, @MessageBody('text') text: string): object {
    return { user, text };
  }

  @SubscribeMessage('metadata/message-name')
  messageName(@MessageName() name: string, @ConnectedSocket() _client: Client, @MessageBody() body: unknown): object {
    return { name, body };
  }
}

/** The same without metadata on the gateway. */
@WebSocketGateway()
export class PlainMetadataGateway {
  @UseGuards(MetadataGuard)
  @SubscribeMessage('metadata/none')
  none(): string {
    return 'done';
  }

  @SetMetadata('limit', 5)
  @UseGuards(MetadataGuard)
  @SubscribeMessage('metadata/only-method')
  onlyMethod(): string {
    return 'done';
  }
}
