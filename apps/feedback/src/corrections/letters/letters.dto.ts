import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { LANGUAGES, type Language } from '../../access-history/titles.js';
import type { Letter } from './letter.js';

export class LetterQuery {
  @ApiProperty({ required: false, enum: LANGUAGES, description: 'Absent: that in which the case was filed.' })
  @IsOptional()
  @IsIn(LANGUAGES)
  lang?: Language;
}

class WordsPlaceDto {
  @ApiProperty() seq: number;
  @ApiProperty({ description: 'Place in the paragraphs, from 0.' }) paragraph: number;
  @ApiProperty({ description: 'What goes before the words.' }) lead: string;
}

export class LetterDto implements Letter {
  @ApiProperty({ example: 'Запрос № KG-2026-000123-7' }) title: string;
  @ApiProperty({ type: [String] }) paragraphs: string[];
  @ApiProperty({ enum: LANGUAGES }) language: Language;

  @ApiProperty({
    required: false,
    type: [WordsPlaceDto],
    description: 'Paragraphs in the place of words that only the portal opens.',
  })
  words?: WordsPlaceDto[];
}
