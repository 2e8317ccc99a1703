import {
  Body,
  Controller,
  Get,
  Header,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  UseGuards,
} from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { chooseLanguage } from '../access-history/titles.js';
import { AuthenticatedCaller, CallerGuard } from '../caller/caller.guard.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { ApiEndUser, PERSON_CODES, ProblemCodes } from '../problem-codes.dto.js';
import { NoticeInbox, type ShownInbox } from './inbox.service.js';
import type { Preference } from './kept-preference.js';
import {
  InboxDto,
  InboxQuery,
  NotificationPath,
  preferenceOf,
  PreferencesBody,
  PreferencesDto,
  ReadDto,
  SubjectQuery,
} from './notifications.dto.js';
import { Preferences } from './preferences.service.js';

const PAGE = 50;

/** What persons are told of their cases, and how they want to be told (`corrections.md` §8). */
@ApiTags('notifications')
@ApiBearerAuth()
@ApiEndUser()
@Controller('v1/notifications')
@UseGuards(CallerGuard)
export class NotificationsController {
  constructor(
    @Inject(NoticeInbox) private readonly inbox: NoticeInbox,
    @Inject(Preferences) private readonly preferences: Preferences,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @Header('Vary', 'Accept-Language, Authorization, Kerege-End-User')
  @ApiOperation({ operationId: 'listNotifications', summary: 'What the end user was told through this portal.' })
  @ApiOkResponse({ type: InboxDto })
  @ProblemCodes(...PERSON_CODES, 'subject-not-yours')
  list(
    @Query() { subject, lang, unread, after, limit }: InboxQuery,
    @Headers('accept-language') accepted: string | undefined,
    @AuthenticatedCaller() caller: Caller,
  ): Promise<ShownInbox> {
    const language = chooseLanguage(lang, accepted);
    const page = { isUnreadOnly: unread === true, before: after, limit: limit ?? PAGE };
    return this.inbox.page(caller, { subject, language, ...page });
  }

  @Post(':id/read')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'readNotification', summary: 'The end user has seen it; again changes nothing.' })
  @ApiOkResponse({ type: ReadDto })
  @ProblemCodes(...PERSON_CODES, 'notification-unknown')
  read(@Param() { id }: NotificationPath, @AuthenticatedCaller() caller: Caller): Promise<{ readonly readAt: string }> {
    return this.inbox.read(caller, id);
  }

  @Get('preferences')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'readPreferences', summary: 'How the end user wants to be told, at this portal.' })
  @ApiOkResponse({ type: PreferencesDto })
  @ProblemCodes(...PERSON_CODES, 'subject-not-yours', 'preferences-unset')
  wishes(@Query() { subject }: SubjectQuery, @AuthenticatedCaller() caller: Caller): Promise<Preference> {
    return this.preferences.get(caller, subject);
  }

  @Put('preferences')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'setPreferences', summary: 'Sets them anew, as a whole.' })
  @ApiOkResponse({ type: PreferencesDto })
  @ProblemCodes(...PERSON_CODES, 'subject-not-yours')
  wish(@Body() body: PreferencesBody, @AuthenticatedCaller() caller: Caller): Promise<Preference> {
    return this.preferences.put(caller, body.subject, preferenceOf(body));
  }
}
