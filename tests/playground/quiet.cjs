/* Loaded into the Playground's Node before anything else: it may listen on, and reach, this machine only.
 * By itself it listens on every address without a password, and looks for cloud services when it starts. */
"use strict";
const dns = require("node:dns");
const net = require("node:net");

const LOOPBACK = "127.0.0.1";
const here = (host) => !host || host === "localhost" || host === "::1" || host.startsWith("127.");

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  const first = args[0];
  if (first !== null && typeof first === "object") {
    if (first.port !== undefined && !first.path) args[0] = { ...first, host: LOOPBACK };
  } else if (typeof first === "number" || /^\d+$/.test(first)) {
    args = [{ port: Number(first), host: LOOPBACK }, ...args.filter((each) => typeof each === "function")];
  }
  return listen.apply(this, args);
};

const refused = (host) => Object.assign(new Error(`not reached from a test: ${host}`), { code: "ECONNREFUSED" });

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const host = options !== null && typeof options === "object" ? options.host : args[1];
  if (typeof host === "string" && !here(host)) {
    process.nextTick(() => this.destroy(refused(host)));
    return this;
  }
  return connect.apply(this, args);
};

const lookup = dns.lookup;
dns.lookup = (host, ...rest) =>
  here(host) ? lookup(host, ...rest) : process.nextTick(rest[rest.length - 1], refused(host));
