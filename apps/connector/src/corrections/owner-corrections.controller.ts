import {
  applyDecorators,
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  UseGuards,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Standing } from '#case-client';
import type { SubsystemId } from '#kernel';
import { ProblemAnswers } from '../notices/notices.dto.js';
import { Owner, OwnerGuard } from '../notices/owner.guard.js';
import {
  AcknowledgementBody,
  actIn,
  CorrectedBody,
  CorrectionPath,
  CorrectionsQuery,
  wordedIn,
} from './owner-corrections.dto.js';
import { OwnerCorrections, type ShownCase } from './owner-corrections.service.js';

/** Of what changes a case; the answer is the case as feedback shows it, on its way into the log. */
function Act(operationId: string, summary: string): MethodDecorator {
  return applyDecorators(
    HttpCode(200),
    Header('Cache-Control', 'no-store'),
    ApiOperation({ operationId, summary }),
    ApiOkResponse({ type: Object }),
    ProblemAnswers(),
    ApiNotFoundResponse({ description: '`case-feedback-unknown`' }),
    ApiConflictResponse({ description: '`case-feedback-conflict` with `refusal` and `hint`' }),
  );
}
/** Body of an act: as docs/corrections.md and feedback's API have it, without `act` and `salt`. */
const Said = () => ApiBody({ type: Object });

/** Corrections of a subsystem's data, for the agency's own system. */
@ApiTags('corrections')
@ApiBearerAuth()
@Controller('v1/corrections')
@UseGuards(OwnerGuard)
export class OwnerCorrectionsController {
  constructor(@Inject(OwnerCorrections) private readonly corrections: OwnerCorrections) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'listCorrections', summary: 'Cases of this subsystem, the oldest first.' })
  @ApiOkResponse({ type: Object })
  @ProblemAnswers()
  list(@Query() { state = 'open', after }: CorrectionsQuery, @Owner() owner: SubsystemId) {
    return this.corrections.list(owner, { state, after });
  }

  @Get(':id')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readCorrection',
    summary: 'A case with its request opened, and what can be done next.',
  })
  @ApiOkResponse({ type: Object })
  @ProblemAnswers()
  one(@Param() { id }: CorrectionPath, @Owner() owner: SubsystemId): Promise<ShownCase> {
    return this.corrections.one(owner, id);
  }

  @Post(':id/receipt')
  @Act('receiveCorrection', 'Signs the receipt over the request; done by itself when its notice was acknowledged.')
  receipt(@Param() { id }: CorrectionPath, @Owner() owner: SubsystemId): Promise<Standing> {
    return this.corrections.receive(owner, id);
  }

  @Post(':id/start')
  @Act('startCorrection', 'Takes it into review; the datum is flagged.')
  start(@Param() { id }: CorrectionPath, @Owner() owner: SubsystemId): Promise<Standing> {
    return this.corrections.act(owner, id, { act: 'start' });
  }

  @Post(':id/transfer')
  @Act('transferCorrection', 'Hands it on to who owns the datum, sealed anew for their published key.')
  @Said()
  transfer(@Param() { id }: CorrectionPath, @Body() body: unknown, @Owner() owner: SubsystemId): Promise<Standing> {
    return this.corrections.transfer(owner, id, actIn('transfer', body));
  }

  @Post(':id/request-info')
  @Act('requestInfo', 'Asks the person; `ownWords` are sealed for their portal.')
  @Said()
  requestInfo(@Param() { id }: CorrectionPath, @Body() body: unknown, @Owner() owner: SubsystemId): Promise<Standing> {
    return this.corrections.say(owner, id, wordedIn('request-info', body));
  }

  @Post(':id/extend')
  @Act('extendCorrection', 'Takes more time, once, before the term ends.')
  @Said()
  extend(@Param() { id }: CorrectionPath, @Body() body: unknown, @Owner() owner: SubsystemId): Promise<Standing> {
    return this.corrections.act(owner, id, actIn('extend', body));
  }

  @Post(':id/decide')
  @Act('decideCorrection', 'Decides, once and for all unless it is reopened; `ownWords` are sealed for the portal.')
  @Said()
  decide(@Param() { id }: CorrectionPath, @Body() body: unknown, @Owner() owner: SubsystemId): Promise<Standing> {
    return this.corrections.say(owner, id, wordedIn('decide', body));
  }

  @Post(':id/corrected')
  @Act('correctedCorrection', 'States what the register holds now; only digests of the values leave the connector.')
  corrected(
    @Param() { id }: CorrectionPath,
    @Body() { values, effectiveFrom }: CorrectedBody,
    @Owner() owner: SubsystemId,
  ): Promise<Standing> {
    return this.corrections.correct(owner, id, values, effectiveFrom);
  }

  @Post('notices/:id/acknowledgement')
  @Act('acknowledgeCorrected', 'As a recipient: what was done with the news that a value is corrected.')
  acknowledge(
    @Param() { id }: CorrectionPath,
    @Body() said: AcknowledgementBody,
    @Owner() owner: SubsystemId,
  ): Promise<unknown> {
    return this.corrections.acknowledge(owner, id, said);
  }
}
