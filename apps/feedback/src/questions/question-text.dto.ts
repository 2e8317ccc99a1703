import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';

/** Whatever the setting says, no text is longer. */
export const LONGEST_TEXT = 4_000;
/** Lines of text: no control characters, and no half of a pair, which no two programs digest alike. */
const TEXT = /^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff]+$/u;

/** A person's or an official's own words. */
export function IsQuestionText(description: string, example: string): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ required: false, maxLength: LONGEST_TEXT, example, description }),
    IsOptional(),
    IsString(),
    MaxLength(LONGEST_TEXT),
    Matches(TEXT, { message: 'text must be text without control characters' }),
  );
}
