// Handrail on one small virtual machine, with its Bot registration and the Teams channel.
//
// This file was parsed and policy-checked, but never deployed by us: read it, run `what-if`, and try it in a
// resource group of its own first.
//
//   az group create --name handrail --location westeurope
//   az deployment group what-if --resource-group handrail --template-file deployment/azure/main.bicep \
//     --parameters image=registry.example.com/handrail:0.1.0 helpdeskChannel='19:…@thread.tacv2' sshPublicKey="$(cat key.pub)"
//
// Why a machine and not App Service or Container Apps: Handrail keeps everything in SQLite, which needs a real
// disk; what those two offer for files that last is a network share, on which SQLite loses data. There is no
// secret anywhere: the bot proves itself with a managed identity. Nobody can log in from outside; use
// `az vm run-command invoke`, or Bastion with the key.

targetScope = 'resourceGroup'

@description('Part of every name, and of the address: <name>-<hash>.<region>.cloudapp.azure.com.')
@minLength(3)
@maxLength(20)
param name string = 'handrail'

param location string = resourceGroup().location

@description('The image you built from deployment/Dockerfile and pushed where the machine can pull it without signing in.')
param image string

@description('The image of the web server in front of it.')
param caddyImage string = 'caddy:2.10.2-alpine'

@description('The helpdesk channel: its id 19:…@thread.tacv2. The bot does not start without it.')
@minLength(1)
param helpdeskChannel string

@description('Language and time zone of the helpdesk cards.')
param helpdeskLanguage string = 'en'
param helpdeskZone string = 'UTC'

@description('A public key, because Azure wants one; no port is open for it.')
param sshPublicKey string

param size string = 'Standard_B2s'

@description('What people see in the Azure portal and in Teams.')
param displayName string = 'Handrail'

var host = '${name}-${uniqueString(resourceGroup().id)}'
var domain = '${host}.${location}.cloudapp.azure.com'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
}

resource bot 'Microsoft.BotService/botServices@2022-09-15' = {
  name: host
  location: 'global'
  kind: 'azurebot'
  sku: {
    name: 'F0'
  }
  properties: {
    displayName: displayName
    endpoint: 'https://${domain}/api/messages'
    msaAppId: identity.properties.clientId
    msaAppType: 'UserAssignedMSI'
    msaAppTenantId: subscription().tenantId
    msaAppMSIResourceId: identity.id
  }
}

resource teams 'Microsoft.BotService/botServices/channels@2022-09-15' = {
  parent: bot
  name: 'MsTeamsChannel'
  location: 'global'
  properties: {
    channelName: 'MsTeamsChannel'
    properties: {
      isEnabled: true
    }
  }
}

resource firewall 'Microsoft.Network/networkSecurityGroups@2023-11-01' = {
  name: name
  location: location
  properties: {
    securityRules: [
      {
        // Teams calls from addresses that Microsoft does not list; the token is what lets it in.
        name: 'https'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '443'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2023-11-01' = {
  name: name
  location: location
  properties: {
    addressSpace: {
      addressPrefixes: [
        '10.42.0.0/24'
      ]
    }
    subnets: [
      {
        name: 'default'
        properties: {
          addressPrefix: '10.42.0.0/28'
          networkSecurityGroup: {
            id: firewall.id
          }
        }
      }
    ]
  }
}

resource address 'Microsoft.Network/publicIPAddresses@2023-11-01' = {
  name: name
  location: location
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
    dnsSettings: {
      domainNameLabel: host
    }
  }
}

resource card 'Microsoft.Network/networkInterfaces@2023-11-01' = {
  name: name
  location: location
  properties: {
    ipConfigurations: [
      {
        name: 'default'
        properties: {
          subnet: {
            id: network.properties.subnets[0].id
          }
          publicIPAddress: {
            id: address.id
          }
        }
      }
    ]
  }
}

// The data has a disk of its own, so that the machine can be thrown away and made again.
resource data 'Microsoft.Compute/disks@2023-10-02' = {
  name: '${name}-data'
  location: location
  sku: {
    name: 'StandardSSD_LRS'
  }
  properties: {
    creationData: {
      createOption: 'Empty'
    }
    diskSizeGB: 16
    networkAccessPolicy: 'DenyAll'
    publicNetworkAccess: 'Disabled'
  }
}

var template = loadTextContent('cloud-init.yaml')
var withIdentity = replace(replace(template, '@APP_ID@', identity.properties.clientId), '@TENANT_ID@', subscription().tenantId)
var withImages = replace(replace(withIdentity, '@IMAGE@', image), '@CADDY_IMAGE@', caddyImage)
var withHelpdesk = replace(replace(replace(withImages, '@CHANNEL@', helpdeskChannel), '@LANGUAGE@', helpdeskLanguage), '@ZONE@', helpdeskZone)
var cloudInit = replace(withHelpdesk, '@DOMAIN@', domain)

resource machine 'Microsoft.Compute/virtualMachines@2024-03-01' = {
  name: name
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    hardwareProfile: {
      vmSize: size
    }
    securityProfile: {
      securityType: 'TrustedLaunch'
      uefiSettings: {
        secureBootEnabled: true
        vTpmEnabled: true
      }
    }
    osProfile: {
      computerName: name
      adminUsername: 'handrail'
      customData: base64(cloudInit)
      allowExtensionOperations: true
      linuxConfiguration: {
        disablePasswordAuthentication: true
        ssh: {
          publicKeys: [
            {
              path: '/home/handrail/.ssh/authorized_keys'
              keyData: sshPublicKey
            }
          ]
        }
        patchSettings: {
          patchMode: 'AutomaticByPlatform'
          assessmentMode: 'AutomaticByPlatform'
        }
      }
    }
    storageProfile: {
      imageReference: {
        publisher: 'Canonical'
        offer: 'ubuntu-24_04-lts'
        sku: 'server'
        version: 'latest'
      }
      osDisk: {
        createOption: 'FromImage'
        managedDisk: {
          storageAccountType: 'StandardSSD_LRS'
        }
      }
      dataDisks: [
        {
          lun: 0
          createOption: 'Attach'
          caching: 'None'
          managedDisk: {
            id: data.id
          }
        }
      ]
    }
    networkProfile: {
      networkInterfaces: [
        {
          id: card.id
        }
      ]
    }
  }
}

output endpoint string = 'https://${domain}/api/messages'
output botAppId string = identity.properties.clientId
output package string = 'handrail package --bot-id ${identity.properties.clientId} --domain ${domain}'
