import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ArgumentsGateway, TwiceGateway, TwiceMoreGateway } from './arguments.gateway.js';
import { BinaryGateway } from './binary.gateway.js';
import { GuardedGateway } from './connection.gateway.js';
import { ExceptionsGateway } from './exceptions.gateway.js';
import { FiltersGateway, UnfilteredGateway } from './filters.gateway.js';
import { InterceptorsGateway } from './interceptors.gateway.js';
import { ListsGateway } from './lists.gateway.js';
import { MarkerGateway } from './marker.gateway.js';
import { MetadataGateway, PlainMetadataGateway } from './metadata.gateway.js';
import { LogGuard, LogInterceptor, LogPipe, NoSuchRoomFilter } from './orders.enhancers.js';
import { OrdersGateway, ParametersGateway, ParametersOfGatewayGateway } from './orders.gateway.js';
import { GatewayPipesGateway, PipesGateway } from './pipes.gateway.js';
import { RepliesGateway } from './replies.gateway.js';
import { StreamsGateway } from './streams.gateway.js';
import { ValidationByMethodGateway, ValidationGateway } from './validation.gateway.js';

/** `useGlobalGuards` and its kin do not reach gateways in every setup; these providers do. */
const GLOBAL_ENHANCERS = [
  { provide: APP_GUARD, useValue: new LogGuard('global 1') },
  { provide: APP_GUARD, useValue: new LogGuard('global 2') },
  { provide: APP_INTERCEPTOR, useValue: new LogInterceptor('global 1') },
  { provide: APP_INTERCEPTOR, useValue: new LogInterceptor('global 2') },
  { provide: APP_PIPE, useValue: new LogPipe('global 1') },
  { provide: APP_PIPE, useValue: new LogPipe('global 2') },
  { provide: APP_FILTER, useValue: new NoSuchRoomFilter('global 1') },
  { provide: APP_FILTER, useValue: new NoSuchRoomFilter('global 2') },
];

@Module({
  providers: [
    ArgumentsGateway,
    TwiceGateway,
    TwiceMoreGateway,
    BinaryGateway,
    GuardedGateway,
    ExceptionsGateway,
    FiltersGateway,
    UnfilteredGateway,
    InterceptorsGateway,
    ListsGateway,
    MarkerGateway,
    MetadataGateway,
    PlainMetadataGateway,
    OrdersGateway,
    ParametersGateway,
    ParametersOfGatewayGateway,
    PipesGateway,
    GatewayPipesGateway,
    RepliesGateway,
    StreamsGateway,
    ValidationGateway,
    ValidationByMethodGateway,
    ...(process.env.GLOBAL_ENHANCERS ? GLOBAL_ENHANCERS : []),
  ],
})
export class PipelineModule {}
