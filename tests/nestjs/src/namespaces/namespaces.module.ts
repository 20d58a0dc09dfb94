import { Module } from '@nestjs/common';
import { MainGateway } from './main.gateway.js';
import { RoomsGateway } from './rooms.gateway.js';

@Module({ providers: [MainGateway, RoomsGateway] })
export class NamespacesModule {}
