import { Controller, Get, Inject, Module, Req, Res, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientKafka, ClientsModule, Transport } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { firstValueFrom } from 'rxjs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { STOCK_PATTERN, type StockAnswer } from './stock-pattern.js';

const [brokers = '', port = '0'] = process.argv.slice(2);

/** What one would build first: HTTP in, `ClientKafka.send`, HTTP out. It signs, seals, stamps and stores nothing. */
@Controller()
class RelayController implements OnModuleInit {
  constructor(@Inject('KAFKA') private readonly client: ClientKafka) {}

  async onModuleInit(): Promise<void> {
    this.client.subscribeToResponseOf(STOCK_PATTERN);
    await this.client.connect();
  }

  @Get('/r1/*')
  async relay(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const message = { target: request.url, headers: request.headers };
    const answer = await firstValueFrom(this.client.send<StockAnswer>(STOCK_PATTERN, message));
    await reply.code(answer.status).headers(answer.headers).send(answer.body);
  }
}

@Module({
  imports: [
    ClientsModule.register([
      {
        name: 'KAFKA',
        transport: Transport.KAFKA,
        options: {
          client: { brokers: brokers.split(','), clientId: 'stock-gateway' },
          consumer: { groupId: 'stock-gateway' },
        },
      },
    ]),
  ],
  controllers: [RelayController],
})
class StockGatewayModule {}

const app = await NestFactory.create<NestFastifyApplication>(StockGatewayModule, new FastifyAdapter(), {
  logger: ['error'],
});
await app.listen(Number(port), '127.0.0.1');
process.stdout.write('ready\n');
