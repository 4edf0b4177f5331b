// The echo of botbuilder-js 4.23, as Microsoft's sample 02.echo-bot is written: CloudAdapter on restify.
'use strict';

const { ConfidentialClientApplication } = require('@azure/msal-node');
const {
  ActivityHandler,
  CloudAdapter,
  ConfigurationBotFrameworkAuthentication,
  MessageFactory,
} = require('botbuilder');
const { MsalAppCredentials, ServiceClientCredentialsFactory } = require('botframework-connector');
const restify = require('restify');

const { APP_ID, APP_SECRET, CLOUD, PORT, TENANT } = process.env;

// The SDK gives MSAL no list of known authorities, and MSAL refuses one that it does not know. The token is kept by
// the SDK's own cache, as it is with the SDK's own factory.
class PlayedCloudCredentials extends ServiceClientCredentialsFactory {
  constructor() {
    super();
    this.application = new ConfidentialClientApplication({
      auth: {
        authority: `${CLOUD}/${TENANT}`,
        clientId: APP_ID,
        clientSecret: APP_SECRET,
        knownAuthorities: [new URL(CLOUD).host],
      },
    });
  }

  async isValidAppId(appId) {
    return appId === APP_ID;
  }

  async isAuthenticationDisabled() {
    return false;
  }

  async createCredentials(appId, audience) {
    return new MsalAppCredentials(this.application, appId, undefined, audience);
  }
}

const authentication = new ConfigurationBotFrameworkAuthentication(
  {
    MicrosoftAppId: APP_ID,
    MicrosoftAppTenantId: TENANT,
    ToChannelFromBotLoginUrl: `${CLOUD}/${TENANT}`,
    ToChannelFromBotOAuthScope: 'https://api.botframework.com',
    ToBotFromChannelTokenIssuer: 'https://api.botframework.com',
    ToBotFromChannelOpenIdMetadataUrl: `${CLOUD}/v1/.well-known/openidconfiguration`,
    ToBotFromEmulatorOpenIdMetadataUrl: `${CLOUD}/v1/.well-known/openidconfiguration`,
    OAuthUrl: CLOUD,
    CallerId: '',
    ValidateAuthority: true,
  },
  new PlayedCloudCredentials(),
);

const adapter = new CloudAdapter(authentication);
adapter.onTurnError = async (context, error) => {
  console.error(`[onTurnError] unhandled error: ${error}`);
  await context.sendActivity('The bot encountered an error or bug.');
};

class EchoBot extends ActivityHandler {
  constructor() {
    super();
    this.onMessage(async (context, next) => {
      await context.sendActivity(MessageFactory.text(`echo: ${context.activity.text}`));
      await next();
    });
  }
}

const bot = new EchoBot();
const server = restify.createServer();
server.use(restify.plugins.bodyParser());
server.post('/api/messages', async (request, response) => {
  await adapter.process(request, response, (context) => bot.run(context));
});
server.listen(Number(PORT), '127.0.0.1');
