// The controllers of cert-manager as one process of the tests. Upstream's own command is a module
// that no module proxy serves, so this one is written against the packages of the main module.
// It elects no leader, serves no metrics and answers no webhook.
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	"github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	"github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	"github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	"github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	"github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	"github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	"github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
)

// What a homelab's Certificates need: neither Vault nor Venafi, nor Ingresses with annotations.
var needed = []string{
	issuers.ControllerName,
	clusterissuers.ControllerName,
	trigger.ControllerName,
	keymanager.ControllerName,
	requestmanager.ControllerName,
	approver.ControllerName,
	issuing.ControllerName,
	readiness.ControllerName,
	revisionmanager.ControllerName,
	selfsigned.CRControllerName,
	ca.CRControllerName,
	acme.CRControllerName,
	acmeorders.ControllerName,
	acmechallenges.ControllerName,
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	resolver := flag.String("resolver", "", "the name server that self checks ask, HOST:PORT")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, options(*kubeconfig, *resolver)); err != nil {
		log.Fatal(err)
	}
}

// The values that cert-manager has as shipped, where a zero value would mean something else.
func options(kubeconfig, resolver string) controller.ContextOptions {
	none := resource.MustParse("0")
	return controller.ContextOptions{
		Kubeconfig:         kubeconfig,
		KubernetesAPIQPS:   20,
		KubernetesAPIBurst: 50,
		IssuerOptions:      controller.IssuerOptions{ClusterResourceNamespace: "cert-manager"},
		SchedulerOptions:   controller.SchedulerOptions{MaxConcurrentChallenges: 60},
		CertificateOptions: controller.CertificateOptions{
			CertificateRequestMinimumBackoffDuration: time.Hour,
			CertificateRequestMaximumBackoffDuration: 32 * time.Hour,
		},
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverImage:                 "solver.test/acmesolver",
			HTTP01SolverResourceRequestCPU:    none,
			HTTP01SolverResourceRequestMemory: none,
			HTTP01SolverResourceLimitsCPU:     none,
			HTTP01SolverResourceLimitsMemory:  none,
			HTTP01SolverNameservers:           []string{resolver},
			DNS01Nameservers:                  []string{resolver},
			DNS01CheckAuthoritative:           true,
			DNS01CheckRetryPeriod:             10 * time.Second,
		},
	}
}

func run(ctx context.Context, options controller.ContextOptions) error {
	factory, err := controller.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	shared, err := factory.Build()
	if err != nil {
		return err
	}
	known := controller.Known()
	var started []controller.Interface
	for _, name := range needed {
		made, err := known[name](factory)
		if err != nil {
			return err
		}
		started = append(started, made)
	}
	var running sync.WaitGroup
	for _, each := range started {
		running.Go(func() {
			if err := each.Run(1, ctx); err != nil {
				log.Print(err)
			}
		})
	}
	shared.SharedInformerFactory.Start(ctx.Done())
	shared.KubeSharedInformerFactory.Start(ctx.Done())
	shared.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	running.Wait()
	return nil
}
