import { readFile } from 'node:fs/promises';
import { Controller, Get, Header } from '@nestjs/common';

/** The page of the Rust example, seen from `tests/nestjs/dist/cluster`. */
const PAGE = new URL('../../../../examples/cluster/public/index.html', import.meta.url);

@Controller()
export class PageController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  page(): Promise<string> {
    return readFile(PAGE, 'utf8');
  }
}
