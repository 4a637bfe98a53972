#!/usr/bin/env node
// What `npx barkeep` starts in a clone of the repository: a file that is there, and may be run, before anything is built. It starts the built
// program, or says what is missing. Its words are those of old Nodes, which have to understand what they are told. Services, images and units
// start the built program itself.
'use strict';

var fs = require('fs');
var path = require('path');

/** package.json, engines. */
var OLDEST = '20.19';
var ROOT = path.join(__dirname, '..', '..');
var PROGRAM = path.join(ROOT, 'dist', 'services', 'cli', 'main.js');

function isOlder(version, than) {
  var found = version.split('.').map(Number);
  var least = than.split('.').map(Number);
  return found[0] !== least[0] ? found[0] < least[0] : found[1] < least[1];
}

function refuse(message) {
  process.stderr.write('barkeep: ' + message + '\n');
  process.exitCode = 1;
}

if (isOlder(process.versions.node, OLDEST)) {
  refuse(
    'this is Node ' +
      process.versions.node +
      ', and Node ' +
      OLDEST +
      ' or newer is needed; install one, and run this again with it',
  );
} else if (!fs.existsSync(PROGRAM)) {
  refuse(
    PROGRAM +
      ' does not exist: nothing is built yet; run `npm run build` in ' +
      ROOT +
      ' (npm start and npm test do so too)',
  );
} else {
  require(PROGRAM);
}
