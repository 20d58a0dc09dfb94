import { Module } from '@nestjs/common';
import { ChannelsWsGateway } from './channels-ws.gateway.js';

@Module({ providers: [ChannelsWsGateway] })
export class ChannelsWsModule {}
