import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { STOCK } from './topics.js';

/** The same with what Nest brings, as its documentation shows it. */
@Controller()
class EchoController {
  @MessagePattern(STOCK.request)
  echo(@Payload() payload: unknown): unknown {
    return payload;
  }
}

@Module({ controllers: [EchoController] })
class EchoModule {}

const app = await NestFactory.createMicroservice(EchoModule, {
  transport: Transport.KAFKA,
  options: {
    client: { brokers: (process.argv[2] ?? '').split(','), clientId: 'bench-stock' },
    consumer: { groupId: 'bench-stock' },
  },
  logger: ['error'],
});
await app.listen();
process.stdout.write('ready\n');
