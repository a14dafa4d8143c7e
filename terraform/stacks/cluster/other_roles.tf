# Jobs of a release, and add-ons.
locals {
  tag_of_cluster = { StringEquals = { "aws:ResourceTag/elbv2.k8s.aws/cluster" = local.name } }

  job_roles = {
    # Puts hashed static files into their bucket.
    static-files = {
      namespace = "ecom"
      statements = merge(local.own_key, {
        put-files  = { actions = ["s3:GetObject", "s3:PutObject"], resources = ["arn:aws:s3:::${var.bucket_names["static"]}/*"] }
        list-files = { actions = ["s3:ListBucket"], resources = ["arn:aws:s3:::${var.bucket_names["static"]}"] }
      })
      unscoped_reads = []
    }
    # Makes Kafka's topics and access lists, which the provider has no resources for.
    ensure-kafka = {
      namespace = "ecom"
      statements = merge(local.kafka, {
        access-lists = { actions = ["kafka-cluster:AlterCluster"], resources = [var.kafka.arn] }
        topics = {
          actions = [
            "kafka-cluster:AlterTopic", "kafka-cluster:AlterTopicDynamicConfiguration", "kafka-cluster:CreateTopic",
            "kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration",
          ]
          resources = ["${local.topics}/ecom-*"]
        }
      })
      unscoped_reads = []
    }
    # Makes the three databases and their owners with the server's own password.
    ensure-databases = {
      namespace = "ecom"
      statements = merge(local.own_key, {
        passwords = {
          actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
          resources = [var.postgres_admin_secret_arn, var.secret_arns["backoffice"]]
        }
      })
      unscoped_reads = []
    }
    # The Flink job's command line: looks at the tables, counts again, and asks Kafka as the job does.
    flink = {
      namespace = "ecom"
      statements = merge(local.own_key, local.reads_tables, {
        look = { actions = ["dynamodb:DescribeTable"], resources = values(var.table_arns) }
        kafka-password = {
          actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
          resources = [var.kafka.scram_secret_arn]
        }
        kafka-key = { actions = ["kms:Decrypt"], resources = [var.kafka.scram_key_arn] }
      })
      unscoped_reads = []
    }
  }

  addon_roles = {
    # External Secrets reads Grafana's and Alertmanager's secret with it, kafka_exporter asks for committed offsets.
    monitoring = {
      namespace = "monitoring"
      statements = merge(local.own_key, local.kafka, {
        see-topics = { actions = ["kafka-cluster:DescribeTopic"], resources = ["${local.topics}/ecom-*"] }
        see-groups = { actions = ["kafka-cluster:DescribeGroup"], resources = ["${local.groups}/ecom-*", "${local.groups}/orders"] }
        own-secret = {
          actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
          resources = [var.secret_arns["monitoring"]]
        }
      })
      unscoped_reads = []
    }
    # External Secrets reads with it where Argo CD's notifications go.
    notifications = {
      namespace = "argocd"
      statements = merge(local.own_key, {
        own-secret = {
          actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
          resources = [var.secret_arns["notifications"]]
        }
      })
      unscoped_reads = []
    }
    # The import function's lines, on their way to where all logs are.
    logs = {
      namespace = "logging"
      statements = {
        read-lines = {
          actions   = ["logs:FilterLogEvents"]
          resources = ["arn:aws:logs:${local.region}:${local.account}:log-group:/aws/lambda/product_bulk_import_lambda:*"]
        }
      }
      unscoped_reads = []
    }
    external-dns = {
      namespace = "external-dns"
      statements = {
        records = { actions = ["route53:ChangeResourceRecordSets"], resources = ["arn:aws:route53:::hostedzone/${var.zone_id}"] }
      }
      unscoped_reads = ["route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ListTagsForResource"]
    }
    cluster-autoscaler = {
      namespace = "kube-system"
      statements = {
        resize = {
          actions   = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
          resources = ["arn:aws:autoscaling:${local.region}:${local.account}:autoScalingGroup:*:autoScalingGroupName/*"]
          condition = { StringEquals = { "aws:ResourceTag/k8s.io/cluster-autoscaler/${local.name}" = "owned" } }
        }
      }
      unscoped_reads = [
        "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities", "autoscaling:DescribeTags", "ec2:DescribeImages", "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions", "ec2:GetInstanceTypesFromInstanceRequirements", "eks:DescribeNodegroup",
      ]
    }
    # Load balancers from Ingresses. It may make what carries the cluster's tag, and change only that.
    aws-load-balancer-controller = {
      namespace = "kube-system"
      statements = {
        make = {
          actions = ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"]
          resources = [
            "arn:aws:elasticloadbalancing:${local.region}:${local.account}:loadbalancer/app/*",
            "arn:aws:elasticloadbalancing:${local.region}:${local.account}:targetgroup/*",
          ]
          condition = { StringEquals = { "aws:RequestTag/elbv2.k8s.aws/cluster" = local.name } }
        }
        tag-what-it-makes = {
          actions = ["elasticloadbalancing:AddTags"]
          resources = [
            "arn:aws:elasticloadbalancing:${local.region}:${local.account}:loadbalancer/app/*",
            "arn:aws:elasticloadbalancing:${local.region}:${local.account}:targetgroup/*",
            "arn:aws:elasticloadbalancing:${local.region}:${local.account}:listener/app/*",
            "arn:aws:elasticloadbalancing:${local.region}:${local.account}:listener-rule/app/*",
          ]
          condition = {
            StringEquals = { "aws:RequestTag/elbv2.k8s.aws/cluster" = local.name }
          }
        }
        change = {
          actions = [
            "elasticloadbalancing:AddListenerCertificates", "elasticloadbalancing:CreateListener", "elasticloadbalancing:CreateRule",
            "elasticloadbalancing:DeleteListener", "elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteRule",
            "elasticloadbalancing:DeleteTargetGroup", "elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:ModifyListener",
            "elasticloadbalancing:ModifyLoadBalancerAttributes", "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:RegisterTargets", "elasticloadbalancing:RemoveListenerCertificates",
            "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetSubnets", "elasticloadbalancing:SetWebAcl",
          ]
          resources = [
            "arn:aws:elasticloadbalancing:${local.region}:${local.account}:loadbalancer/app/*",
            "arn:aws:elasticloadbalancing:${local.region}:${local.account}:targetgroup/*",
            "arn:aws:elasticloadbalancing:${local.region}:${local.account}:listener/app/*",
            "arn:aws:elasticloadbalancing:${local.region}:${local.account}:listener-rule/app/*",
          ]
          condition = local.tag_of_cluster
        }
        firewall = {
          actions = ["wafv2:AssociateWebACL", "wafv2:DisassociateWebACL", "wafv2:GetWebACL", "wafv2:GetWebACLForResource"]
          resources = [
            var.waf_arn, "arn:aws:elasticloadbalancing:${local.region}:${local.account}:loadbalancer/app/*",
          ]
        }
        make-security-groups = {
          actions = ["ec2:CreateSecurityGroup"]
          resources = [
            "arn:aws:ec2:${local.region}:${local.account}:security-group/*", "arn:aws:ec2:${local.region}:${local.account}:vpc/${var.vpc_id}",
          ]
        }
        tag-security-groups = {
          actions   = ["ec2:CreateTags"]
          resources = ["arn:aws:ec2:${local.region}:${local.account}:security-group/*"]
          condition = { StringEquals = { "ec2:CreateAction" = "CreateSecurityGroup" } }
        }
        change-security-groups = {
          actions   = ["ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupIngress"]
          resources = ["arn:aws:ec2:${local.region}:${local.account}:security-group/*"]
        }
      }
      unscoped_reads = [
        "acm:DescribeCertificate", "acm:ListCertificates", "ec2:DescribeAccountAttributes", "ec2:DescribeAddresses",
        "ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeInternetGateways", "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeVpcs",
        "ec2:GetSecurityGroupsForVpc", "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:DescribeListenerCertificates", "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeSSLPolicies", "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
      ]
    }
  }
}
