// Controlplane is a real Kubernetes API in one program, for the tests: etcd's
// server embedded, kube-apiserver, kube-controller-manager and kubectl, each
// the published command of that name. Usage:
//
//	controlplane etcd FOLDER CLIENT-URL PEER-URL
//	controlplane kube-apiserver|kube-controller-manager|kubectl [flags]
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: controlplane etcd|kube-apiserver|kube-controller-manager|kubectl …")
		os.Exit(64)
	}
	name := os.Args[1]
	os.Args = os.Args[1:] // each command reads its own flags
	switch name {
	case "etcd":
		serveEtcd(os.Args[1:])
	case "kube-apiserver":
		run(apiserver.NewAPIServerCommand())
	case "kube-controller-manager":
		run(controllermanager.NewControllerManagerCommand())
	case "kubectl":
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			kubectlutil.CheckErr(err)
		}
	default:
		fmt.Fprintf(os.Stderr, "controlplane: no command %q\n", name)
		os.Exit(64)
	}
}

func run(command *cobra.Command) { os.Exit(cli.Run(command)) }
