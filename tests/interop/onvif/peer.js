// SPDX-License-Identifier: Apache-2.0
// npm's onvif as the client of a camera: node peer.js PORT CA.pem USER PASSWORD. Writes one JSON object of what it was told.
'use strict';

const fs = require('fs');
const { promisify } = require('util');
const { Cam } = require('onvif');

const [port, authority, username, password] = process.argv.slice(2);

function connect() {
  return new Promise((resolve, reject) => {
    const camera = new Cam({
      hostname: '127.0.0.1', port, username, password, useSecure: true, useWSSecurity: true, timeout: 20000,
      secureOpts: { ca: fs.readFileSync(authority), rejectUnauthorized: true },
    }, (error) => (error ? reject(error) : resolve(camera)));
  });
}

function nextEvent(camera) {
  return new Promise((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error('no event came')), 60000);
    camera.on('event', (message) => {
      const topic = message.topic._ || message.topic;
      if (topic.includes('Configuration/Changed')) {
        clearTimeout(patience);
        camera.removeAllListeners('event');
        resolve(topic);
      }
    });
  });
}

async function main() {
  const camera = await connect();
  const call = (name, ...args) => promisify(camera[name].bind(camera))(...args);
  const told = { media2: camera.media2Support === true };
  told.time = (await call('getSystemDateAndTime')).toISOString();
  told.information = await call('getDeviceInformation');
  told.profiles = camera.profiles.map((profile) => profile.$.token);
  told.stream = (await call('getStreamUri', { protocol: 'RTSP' })).uri;
  told.snapshot = (await call('getSnapshotUri')).uri;
  told.nodes = Object.keys(await call('getNodes'));
  await call('absoluteMove', { x: 0.5, y: -0.5, zoom: 0.5 });
  told.position = (await call('getStatus', {})).position;
  const waits = nextEvent(camera);
  // It subscribes when somebody listens; what changes before that is not for it.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await call('setPreset', { presetName: 'gate' });
  told.event = await waits;
  told.presets = await call('getPresets', {});
  process.stdout.write(JSON.stringify(told));
}

main().then(() => process.exit(0), (error) => {
  process.stderr.write(`${error.stack || error}\n`);
  process.exit(1);
});
