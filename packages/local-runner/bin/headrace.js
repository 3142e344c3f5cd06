#!/usr/bin/env node
'use strict';
// A file of its own, because npm links a command only if its file exists, and `lib` is built after `npm ci`.
require('../lib/cli.js');
