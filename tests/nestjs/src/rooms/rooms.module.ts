import { Module } from '@nestjs/common';
import { LobbyGateway } from './lobby.gateway.js';
import { RoomsGateway } from './rooms.gateway.js';

@Module({ providers: [RoomsGateway, LobbyGateway] })
export class RoomsModule {}
