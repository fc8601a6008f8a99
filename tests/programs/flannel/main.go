// Flannel is flannel's VXLAN backend with its rules for masquerading and
// forwarding, called as k3s calls them: as a library. flannel's own command
// links the SDKs of clouds, which are of no use here. Usage:
//
//	NODE_NAME=n1 flannel KUBECONFIG NET-CONF INTERFACE SUBNET-FILE
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/flannel-io/flannel/pkg/backend"
	_ "github.com/flannel-io/flannel/pkg/backend/vxlan"
	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/ipmatch"
	"github.com/flannel-io/flannel/pkg/lease"
	"github.com/flannel-io/flannel/pkg/subnet"
	"github.com/flannel-io/flannel/pkg/subnet/kube"
	"github.com/flannel-io/flannel/pkg/trafficmngr/iptables"
)

// Seconds after which rules that somebody removed are set again.
const resync = 60

const annotations = "flannel.alpha.coreos.com"

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: flannel KUBECONFIG NET-CONF INTERFACE SUBNET-FILE")
		os.Exit(64)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := serve(ctx, os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "flannel:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, kubeconfig, conf, device, subnetFile string) error {
	subnets, err := kube.NewSubnetManager(ctx, "", kubeconfig, annotations, conf, true)
	if err != nil {
		return fmt.Errorf("cannot reach the API server: %w", err)
	}
	config, err := subnets.GetNetworkConfig(ctx)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", conf, err)
	}
	family, err := ipmatch.GetIPFamily(config.EnableIPv4, config.EnableIPv6)
	if err != nil {
		return err
	}
	outside, err := ipmatch.LookupExtIface(device, "", "", family, ipmatch.PublicIPOpts{})
	if err != nil {
		return fmt.Errorf("no interface %s: %w", device, err)
	}
	vxlan, err := backend.NewManager(ctx, subnets, outside).GetBackend(config.BackendType)
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	network, err := vxlan.RegisterNetwork(ctx, &running, config)
	if err != nil {
		return fmt.Errorf("cannot make the network: %w", err)
	}
	if err := setRules(ctx, config, network.Lease()); err != nil {
		return fmt.Errorf("cannot set the rules of iptables: %w", err)
	}
	given := network.Lease()
	if err := subnets.HandleSubnetFile(subnetFile, config, true, given.Subnet, given.IPv6Subnet, network.MTU()); err != nil {
		return fmt.Errorf("cannot write %s: %w", subnetFile, err)
	}
	network.Run(ctx)
	running.Wait()
	return nil
}

func setRules(ctx context.Context, config *subnet.Config, given *lease.Lease) error {
	rules := &iptables.IPTablesManager{}
	if err := rules.Init(ctx); err != nil {
		return err
	}
	rules.SetupAndEnsureForwardRules(ctx, config.Network, config.IPv6Network, resync)
	// There was no network before, so no older rules are to be removed.
	var no4 ip.IP4Net
	var no6 ip.IP6Net
	return rules.SetupAndEnsureMasqRules(ctx, config.Network, no4, no4, config.IPv6Network, no6, no6, given, resync, false)
}
