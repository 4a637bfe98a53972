// Node with nothing to do: what any process of it takes.
process.stdin.on('end', () => process.exit(0)).resume();
process.stdout.write('ready\n');
